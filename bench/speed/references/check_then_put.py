"""The naive handler, with boto3's clients: check, send a plain mail, put."""

from __future__ import annotations

import boto3

from bench.speed.references.naive_handler import make_handler

handler = make_handler(boto3.client("dynamodb"), boto3.client("sesv2"))
