{{/* What Envoy Gateway's configuration needs, as YAML. */}}
{{- define "tailway.extensionManager" -}}
extensionManager:
  # The largest translation; 4M where it is not set.
  maxMessageSize: 1000M
  policyResources:
    - { group: gateway.tailscale.com, version: v1alpha1, kind: TailscaleRoutePolicy }
    - { group: gateway.tailscale.com, version: v1alpha1, kind: TailscaleGatewayRevision }
  backendResources:
    - { group: gateway.tailscale.com, version: v1alpha1, kind: TailscaleEndpoints }
  hooks:
    xdsTranslator:
      post: [VirtualHost, Translation, Route, Cluster, HTTPListener]
      translation:
        route: { includeAll: true }
  service:
    fqdn:
      hostname: {{ include "tailway.hostname" . }}
      port: {{ .Values.service.ports.hooks }}
{{- end -}}

{{/* Envoy Gateway's configuration as a whole. */}}
{{- define "tailway.envoyGatewayConfig" -}}
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyGateway
{{- range list "apiVersion" "kind" "extensionManager" "extensionManagers" }}
{{- if hasKey $.Values.envoyGateway.config . }}
{{- fail (printf "envoyGateway.config: %s is written by the chart" .) }}
{{- end }}
{{- end }}
{{ toYaml .Values.envoyGateway.config }}
{{ include "tailway.extensionManager" . }}
{{- end -}}
