{{/* Name of nearly everything: Envoy Gateway's configuration names the Service, so it is not the release's. */}}
{{- define "tailway.name" -}}
{{- default "tailscale-gateway-extension-server" .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Name of what belongs to no namespace or to others: two releases have one each. */}}
{{- define "tailway.clusterName" -}}
{{- printf "%s:%s" .Release.Namespace (include "tailway.name" .) -}}
{{- end -}}

{{- define "tailway.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "tailway.name" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name: name the account to use, or set serviceAccount.create" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "tailway.hostname" -}}
{{- printf "%s.%s.svc.%s" (include "tailway.name" .) .Release.Namespace .Values.clusterDomain -}}
{{- end -}}

{{- define "tailway.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "tailway.selectorLabels" -}}
app.kubernetes.io/name: tailway
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "tailway.labels" -}}
{{ include "tailway.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: tailway
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The labels with those of a value, which must leave the selectors alone: root, name (of the value), labels. */}}
{{- define "tailway.labelsAnd" -}}
{{- range $key, $_ := include "tailway.selectorLabels" .root | fromYaml -}}
{{- if hasKey $.labels $key -}}
{{- fail (printf "%s: the label %s is what the Pods are found by, and cannot be changed" $.name $key) -}}
{{- end -}}
{{- end -}}
{{- merge (dict) .labels (include "tailway.labels" .root | fromYaml) | toYaml -}}
{{- end -}}
