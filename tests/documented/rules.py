"""The documented rules that the release, its hooks and the CodeDeploy simulator rest on."""

from __future__ import annotations

from tests.documented.rule import NOTHING_SPECIAL, Rule

__all__ = ["RULES"]

_CODEDEPLOY = "https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_{}.html"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/api/API_{}.html"
_CLOUDWATCH = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_{}.html"
_TOOL = "tests/integration/codedeploy/test_release_tool.py::"
_REPORTS = "tests/integration/codedeploy/test_reports.py::"
_BEFORE = "tests/unit/release/test_before.py::"
_HOOKS = "tests/unit/function/test_hooks.py::"
_FORWARD = "tests/stack/release/test_forward.py::"


def _codedeploy(operation: str, quotation: str, test: str, *promises: str) -> Rule:
    return Rule(f"codedeploy:{operation}", quotation, _CODEDEPLOY.format(operation), test, promises)


def _lambda(operation: str, quotation: str, test: str) -> Rule:
    return Rule(f"lambda:{operation}", quotation, _LAMBDA.format(operation), test)


def _cloudwatch(operation: str, quotation: str, test: str) -> Rule:
    return Rule(f"cloudwatch:{operation}", quotation, _CLOUDWATCH.format(operation), test)


def _info(*members: str) -> tuple[str, ...]:
    """What GetDeployment and BatchGetDeployments tell of a deployment."""
    return tuple(f"{top}.{member}" for member in members for top in ("deploymentInfo", "deploymentsInfo[]"))


RULES: tuple[Rule, ...] = (
    _codedeploy(
        "GetDeployment",
        "The content property of the appSpecContent object in the returned revision is always null.",
        f"{_REPORTS}test_only_the_revision_itself_has_its_content",
        *_info("deploymentId", "status", "createTime"),
        *_info("revision.revisionType", "revision.appSpecContent.sha256", "revision.string.sha256"),
    ),
    _codedeploy(
        "GetDeployment",
        "codeDeployRollback: A rollback process created the deployment.",
        f"{_HOOKS}test_a_rollback_is_never_refused",
        *_info("creator", "applicationName", "description", "autoRollbackConfiguration.enabled"),
    ),
    _codedeploy(
        "GetDeployment",
        "whether the deployment can't be rolled back",
        f"{_TOOL}test_a_first_release_that_fails_has_nothing_to_roll_back_to",
        *_info("rollbackInfo.rollbackDeploymentId", "rollbackInfo.rollbackMessage"),
        *_info("errorInformation.code", "errorInformation.message"),
    ),
    _codedeploy(
        "BatchGetDeployments",
        "The maximum number of deployments that can be returned is 25.",
        f"{_REPORTS}test_a_batch_tells_what_it_knows",
        *_info("deploymentId", "status", "createTime", "creator", "autoRollbackConfiguration.enabled"),
        *_info("revision.revisionType", "revision.appSpecContent.sha256", "revision.string.sha256"),
    ),
    _codedeploy(
        "ListDeployments",
        "Stopped: Include stopped deployments in the resulting list.",
        f"{_BEFORE}test_only_statuses_that_are_documented_are_listed_by",
        "deployments[]",
        "nextToken",
    ),
    _codedeploy(
        "ListDeployments",
        "If a large amount of information is returned, an identifier is also returned.",
        f"{_TOOL}test_what_was_live_before_is_found_in_a_list_without_order",
    ),
    _codedeploy(
        "ListDeploymentTargets",
        "If a large amount of information is returned, a token identifier is also returned.",
        f"{_TOOL}test_versions_are_read_from_the_deployments_target",
        "targetIds[]",
        "nextToken",
    ),
    _codedeploy(
        "BatchGetDeploymentTargets",
        "The version of a Lambda function that production traffic points to after the Lambda function is deployed.",
        f"{_TOOL}test_versions_are_read_from_the_deployments_target",
        "deploymentTargets[].lambdaTarget.lambdaFunctionInfo.functionName",
        "deploymentTargets[].lambdaTarget.lambdaFunctionInfo.currentVersion",
        "deploymentTargets[].lambdaTarget.lambdaFunctionInfo.targetVersion",
        "deploymentTargets[].lambdaTarget.lifecycleEvents[].lifecycleEventName",
        "deploymentTargets[].lambdaTarget.lifecycleEvents[].status",
    ),
    _codedeploy(
        "GetApplicationRevision",
        "The YAML-formatted or JSON-formatted revision string.",
        f"{_TOOL}test_before_it_has_started_versions_are_read_from_the_appspec",
        "revision.revisionType",
        "revision.string.content",
        "revision.appSpecContent.content",
    ),
    _codedeploy(
        "CreateDeployment",
        "you need the UpdateDeploymentGroup IAM permission when calling CreateDeployment",
        "tests/infra/test_release_role.py::test_create_deployment_says_that_it_needs_the_groups_update",
        "deploymentId",
    ),
    _codedeploy(
        "StopDeployment", "Pending: The stop operation is pending.", f"{_TOOL}test_a_stop_is_followed", "status"
    ),
    _codedeploy(
        "PutLifecycleEventHookExecutionStatus",
        "only Succeeded and Failed can be passed successfully in your API call",
        f"{_HOOKS}test_a_reason_to_fail_is_a_failure",
        "lifecycleEventHookExecutionId",
    ),
    _codedeploy(
        "GetDeploymentGroup",
        "A maximum of 10 alarms can be added.",
        f"{_FORWARD}test_the_deployment_watches_the_group_s_alarms_and_the_candidate_s",
        "deploymentGroupInfo.deploymentConfigName",
        "deploymentGroupInfo.alarmConfiguration.enabled",
        "deploymentGroupInfo.alarmConfiguration.alarms[].name",
    ),
    _codedeploy(
        "GetDeploymentConfig",
        NOTHING_SPECIAL,
        f"{_FORWARD}test_a_strategy_that_there_is_not_is_a_wrong_call",
        "deploymentConfigInfo.trafficRoutingConfig.type",
        "deploymentConfigInfo.trafficRoutingConfig.timeBasedCanary.canaryPercentage",
        "deploymentConfigInfo.trafficRoutingConfig.timeBasedCanary.canaryInterval",
        "deploymentConfigInfo.trafficRoutingConfig.timeBasedLinear.linearPercentage",
        "deploymentConfigInfo.trafficRoutingConfig.timeBasedLinear.linearInterval",
    ),
    _lambda("GetAlias", NOTHING_SPECIAL, f"{_FORWARD}test_it_moves_the_alias_step_by_step"),
    _lambda(
        "UpdateAlias",
        "Only update the alias if the revision ID matches the ID that's specified.",
        f"{_FORWARD}test_weights_that_nobody_moves_are_refused_and_rollback_clears_them",
    ),
    _lambda(
        "GetFunctionConfiguration",
        "The SHA256 hash of the function's deployment package.",
        f"{_BEFORE}test_other_code_than_was_sent_is_not_released",
    ),
    _lambda("GetFunctionConcurrency", NOTHING_SPECIAL, f"{_FORWARD}test_a_paused_herald_is_not_released_to"),
    _lambda(
        "PublishVersion",
        "Lambda doesn't publish a version if the function's configuration and code haven't changed",
        f"{_FORWARD}test_what_is_live_already_is_refused",
    ),
    _lambda(
        "UpdateFunctionCode",
        "The function's code is locked when you publish a version.",
        f"{_BEFORE}test_code_that_arrived_as_it_was_sent_goes_on",
    ),
    _lambda(
        "ListVersionsByFunction",
        "Lambda returns up to 50 versions per call.",
        f"{_TOOL}test_what_was_live_before_is_found_in_a_list_without_order",
    ),
    _lambda(
        "Invoke",
        "The version of the function that executed. When you invoke a function with an alias",
        "tests/unit/function/test_smoke_test.py::"
        "test_an_alias_that_leads_to_the_old_version_for_a_while_does_not_take_a_release_back",
    ),
    _lambda(
        "ListAliases",
        NOTHING_SPECIAL,
        "tests/unit/release/test_old_versions.py::test_what_an_alias_names_stays_however_old_it_is",
    ),
    _lambda(
        "DeleteFunction",
        "To delete a specific function version, use the Qualifier parameter.",
        "tests/unit/release/test_old_versions.py::test_all_but_the_newest_ten_are_deleted_each_by_its_number",
    ),
    Rule(
        "logs:FilterLogEvents",
        "A returned page might only be partially full, or even empty.",
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html",
        "tests/unit/release/test_hook_reason.py::test_the_reason_may_be_on_a_later_page",
    ),
    _cloudwatch(
        "PutMetricAlarm",
        "When you update an existing alarm, its state is left unchanged",
        f"{_BEFORE}test_an_alarm_is_waited_for_as_long_as_it_may_look_back",
    ),
    _cloudwatch(
        "DescribeAlarms",
        "you must be signed on with the cloudwatch:DescribeAlarms permission that is scoped to *",
        "tests/infra/test_release_role.py::test_the_role_may_do_exactly_what_a_release_does",
    ),
    _cloudwatch(
        "DeleteAlarms",
        "You can delete up to 100 alarms in one operation.",
        f"{_FORWARD}test_its_own_alarm_watches_the_alias_and_the_version_and_goes_when_it_is_old",
    ),
)
