"""The naive handler, with boto3's clients: check, send a plain mail, put."""

from __future__ import annotations

import boto3

from bench.peers.check_then_put import handler as handler_of

handler = handler_of(boto3.client("dynamodb"), boto3.client("sesv2"))
