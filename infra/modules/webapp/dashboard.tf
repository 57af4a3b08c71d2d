locals {
  requests         = [for metric in ["Count", "5xx"] : ["AWS/ApiGateway", metric, "ApiId", aws_apigatewayv2_api.this.id]]
  latencies        = [for percentile in ["p50", "p99"] : ["AWS/ApiGateway", "Latency", "ApiId", aws_apigatewayv2_api.this.id, { label = percentile, stat = percentile }]]
  published_counts = [for function in ["relay", "sweeper", "reconcile"] : ["Herald", "Published", "Service", local.names[function], { label = "by the ${function}" }]]
  rejected_counts  = [for function in ["relay", "sweeper", "reconcile"] : ["Herald", "OutboxRejected", "Service", local.names[function], { label = "rejected by the ${function}" }]]

  graphs = [
    { title = "Requests and server errors", stat = "Sum", metrics = local.requests },
    { title = "Latency, in milliseconds", stat = "p50", metrics = local.latencies },
    { title = "Outbox", stat = "Sum", metrics = concat(local.published_counts, local.rejected_counts) },
    { title = "Oldest event in the outbox, in seconds", stat = "Maximum", metrics = [["Herald", "OutboxAgeSeconds", "Service", local.names.sweeper]] },
    { title = "How far the relay is behind, in milliseconds", stat = "Maximum", metrics = [["AWS/Lambda", "IteratorAge", "FunctionName", local.names.relay]] },
    { title = "Errors", stat = "Sum", metrics = [for function, name in local.names : ["AWS/Lambda", "Errors", "FunctionName", name, { label = function }]] },
  ]

  dashboard = {
    widgets = [for graph in local.graphs : {
      type       = "metric"
      width      = 12
      height     = 6
      properties = { title = graph.title, region = local.region, metrics = graph.metrics, stat = graph.stat, period = 300, view = "timeSeries" }
    }]
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "${var.name}-${local.region}-web"
  dashboard_body = jsonencode(local.dashboard)
}
