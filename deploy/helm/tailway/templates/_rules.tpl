{{/* What the shim does in each namespace whose resources count. */}}
{{- define "tailway.rules.resources" -}}
- apiGroups: [gateway.tailscale.com]
  resources: [tailscaleendpoints, tailscaleroutepolicies]
  verbs: [list, watch]
- apiGroups: [gateway.tailscale.com]
  resources: [tailscaleendpoints/status]
  verbs: [patch]
{{- if .Values.tailnets.enabled }}
- apiGroups: [gateway.tailscale.com]
  resources: [tailscaletailnets]
  verbs: [list, watch]
- apiGroups: [gateway.tailscale.com]
  resources: [tailscaletailnets/status]
  verbs: [patch]
{{- if .Values.tailnets.allSecrets }}
# Each watch is of the one Secret that a TailscaleTailnet of its namespace names.
- apiGroups: ['']
  resources: [secrets]
  verbs: [list, watch]
{{- end }}
{{- end }}
# One for each Gateway that has something injected; its change makes Envoy Gateway translate again.
- apiGroups: [gateway.tailscale.com]
  resources: [tailscalegatewayrevisions]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [gateway.networking.k8s.io]
  resources: [gateways]
  verbs: [list, watch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{/* What it does beyond namespaces. */}}
{{- define "tailway.rules.cluster" -}}
- apiGroups: [gateway.networking.k8s.io]
  resources: [gatewayclasses]
  verbs: [list, watch]
{{- end -}}

{{/* What Envoy Gateway does with the kinds that its configuration names. */}}
{{- define "tailway.rules.envoyGateway" -}}
- apiGroups: [gateway.tailscale.com]
  resources: [tailscaleendpoints, tailscaleroutepolicies, tailscalegatewayrevisions]
  verbs: [get, list, watch]
- apiGroups: [gateway.tailscale.com]
  resources: [tailscaleroutepolicies/status, tailscalegatewayrevisions/status]
  verbs: [update]
{{- end -}}

{{/* A ClusterRole bound in the whole cluster: root, name, rules (as YAML), account, accountNamespace. */}}
{{- define "tailway.clusterGrant" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ .name | quote }}
  labels: {{- include "tailway.labels" .root | nindent 4 }}
rules: {{- .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ .name | quote }}
  labels: {{- include "tailway.labels" .root | nindent 4 }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {{ .name | quote }} }
subjects:
  - { kind: ServiceAccount, name: {{ .account | quote }}, namespace: {{ .accountNamespace | quote }} }
{{- end }}

{{/* The same, of one namespace. */}}
{{- define "tailway.grant" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ .name | quote }}
  namespace: {{ .namespace | quote }}
  labels: {{- include "tailway.labels" .root | nindent 4 }}
rules: {{- .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ .name | quote }}
  namespace: {{ .namespace | quote }}
  labels: {{- include "tailway.labels" .root | nindent 4 }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ .name | quote }} }
subjects:
  - { kind: ServiceAccount, name: {{ .account | quote }}, namespace: {{ .accountNamespace | quote }} }
{{- end }}

{{/* The leader's Lease, in the shim's own namespace. A name does not narrow `create`. */}}
{{- define "tailway.rules.lease" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [tailway]
  verbs: [get, update]
{{- end -}}

{{/* The Secrets of TailscaleTailnets, by name: a list. */}}
{{- define "tailway.rules.secrets" -}}
- apiGroups: ['']
  resources: [secrets]
  resourceNames: {{- toYaml . | nindent 4 }}
  verbs: [list, watch]
{{- end -}}
