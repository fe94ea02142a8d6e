{{/* A value as a flag has it: lists with commas, large numbers without an exponent. */}}
{{- define "tailway.flagValue" -}}
{{- if kindIs "slice" . -}}
{{- join "," . -}}
{{- else if and (kindIs "float64" .) (eq (floor .) .) -}}
{{- int64 . -}}
{{- else -}}
{{- . -}}
{{- end -}}
{{- end -}}

{{/* An address with brackets around IPv6. */}}
{{- define "tailway.listenHost" -}}
{{- ternary (printf "[%s]" .Values.bindAddress) .Values.bindAddress (contains ":" .Values.bindAddress) -}}
{{- end -}}

{{/* The arguments of the container, as YAML. */}}
{{- define "tailway.args" -}}
- serve
- {{ printf "--bind-address=%s" .Values.bindAddress | quote }}
- --grpc-port=5005
- --xds-port=18000
{{- $target := printf "dns:///%s:%d" (include "tailway.hostname" .) (int .Values.service.ports.xds) }}
- {{ printf "--xds-target=%s" (default $target .Values.xds.target) | quote }}
- {{ printf "--health-probe-bind-address=%s:8081" (include "tailway.listenHost" .) | quote }}
- {{ printf "--metrics-bind-address=%s:8080" (include "tailway.listenHost" .) | quote }}
{{- with .Values.namespaces }}
- --namespaces={{ join "," . }}
{{- end }}
{{- if .Values.state.enabled }}
- --state-dir=/var/lib/tailway
{{- end }}
{{- range $flag, $value := .Values.settings }}
- {{ printf "--%s=%s" $flag (include "tailway.flagValue" $value) | quote }}
{{- end }}
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}
