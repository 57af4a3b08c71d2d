"""What the documentation of ACM, API Gateway, IAM, KMS, Route 53, S3, Systems Manager and STS says."""

from __future__ import annotations

from tests.documented.rule import NOTHING_SPECIAL, Rule, row

__all__ = ["RULES"]

_LAPTOP = "tests/stack/test_end_to_end.py::test_a_book_becomes_one_mail_to_its_owner"
_DOCTOR = "tests/unit/doctor/test_installation.py::test_each_outcome"

_WEB_ADDRESS = "tests/unit/doctor/test_web_app.py::test_each_outcome"

RULES: tuple[Rule, ...] = (
    row(
        "acm",
        "DescribeCertificate",
        "Contains the CNAME record that you add to your DNS database for domain validation.",
        _WEB_ADDRESS,
        "Certificate.DomainName",
        "Certificate.Status",
        "Certificate.DomainValidationOptions[].ResourceRecord",
    ),
    row("apigatewayv2", "GetApi", NOTHING_SPECIAL, _WEB_ADDRESS, "Tags"),
    row(
        "apigatewayv2",
        "GetApis",
        "The next page of elements from this collection.",
        "tests/integration/doctor/test_providers.py::test_nothing_is_wrong_with_a_provider_that_is_set_up_whole",
        "Items[].Name",
        "Items[].ApiId",
        "NextToken",
    ),
    row(
        "apigatewayv2",
        "GetAuthorizers",
        "The next page of elements from this collection.",
        "tests/unit/doctor/test_installation.py::test_each_outcome",
        "Items[].JwtConfiguration.Audience",
        "NextToken",
    ),
    row(
        "apigatewayv2",
        "GetDomainName",
        "AVAILABLE, UPDATING, PENDING_CERTIFICATE_REIMPORT, and PENDING_OWNERSHIP_VERIFICATION",
        _WEB_ADDRESS,
        "DomainNameConfigurations[].ApiGatewayDomainName",
        "DomainNameConfigurations[].CertificateArn",
        "DomainNameConfigurations[].DomainNameStatus",
    ),
    row("iam", "CreateRole", NOTHING_SPECIAL, _LAPTOP, "Role.Arn"),
    row("kms", "DescribeKey", "The KMS API follows an eventual consistency model.", _DOCTOR, "KeyMetadata.KeyState"),
    row("kms", "GetKeyPolicy", "You cannot perform this operation on a KMS key in a different", _DOCTOR, "Policy"),
    row(
        "s3",
        "GetObject",
        "the error that Amazon S3 returns depends on whether you also have the",
        "tests/integration/function/test_attachments.py::test_what_is_missing_is_not_sent_and_tried_again_until_it_is_there",
        "Body",
        "ContentLength",
    ),
    row(
        "route53",
        "ListResourceRecordSets",
        "returns up to 300 resource record sets at a time in ASCII order",
        "tests/infra/test_before_the_plan.py::test_a_dmarc_record_that_exists_is_refused_before_anything_is_made",
        ordered=("ResourceRecordSets",),
    ),
    row("s3", "CreateBucket", "each bucket name must be unique across all", _LAPTOP),
    row("s3", "PutObject", "Amazon S3 never adds partial objects", _LAPTOP),
    row(
        "secretsmanager",
        "GetSecretValue",
        "The ARN or name of the secret to retrieve.",
        "tests/integration/function/test_secrets.py::test_a_secret_is_read_in_its_own_region",
        "SecretString",
    ),
    row(
        "ssm",
        "GetParameter",
        "The name or Amazon Resource Name (ARN) of the parameter that you want to query.",
        "tests/integration/function/test_secrets.py::test_a_parameter_is_read_in_its_own_region",
        "Parameter.Value",
    ),
    row(
        "ssm",
        "GetParameter",
        "Parameter names can't contain spaces.",
        "tests/integration/operations/test_records.py::test_another_herald_or_none_is_a_plain_error",
        "Parameter.Value",
    ),
    row(
        "ssm",
        "GetParameters",
        "A list of parameters that aren't formatted correctly or don't run during an execution.",
        "tests/integration/webapp/auth/test_key_rotation.py::test_a_missing_parameter_is_asked_for_no_more_often",
        "Parameters[].Name",
        "Parameters[].Value",
        "InvalidParameters[]",
    ),
    row(
        "ssm",
        "PutParameter",
        'A parameter name can\'t be prefixed with "aws" or "ssm" (case-insensitive).',
        _LAPTOP,
    ),
    row(
        "sts",
        "GetCallerIdentity",
        "No permissions are required to perform this operation.",
        "tests/unit/doctor/test_account.py::test_each_outcome",
        "Account",
        "Arn",
        "UserId",
    ),
)
