"""What the documentation of CodeDeploy says."""

from __future__ import annotations

from functools import partial

from tests.documented.rule import NOTHING_SPECIAL, Rule, row

__all__ = ["RULES"]

_TOOL = "tests/integration/codedeploy/test_release_tool.py::"
_REPORTS = "tests/integration/codedeploy/test_reports.py::"
_REGISTRY = "tests/integration/codedeploy/test_registry.py::"
_BEFORE = "tests/unit/release/test_before_deployment.py::"
_HOOKS = "tests/unit/function/test_hooks.py::"
_RELEASES = "tests/stack/release/test_release_and_refusals.py::"
_row = partial(row, "codedeploy")


def _info(*members: str) -> tuple[str, ...]:
    """What GetDeployment and BatchGetDeployments tell of a deployment."""
    return tuple(f"{top}.{member}" for member in members for top in ("deploymentInfo", "deploymentsInfo[]"))


RULES: tuple[Rule, ...] = (
    _row(
        "GetDeployment",
        "The content property of the appSpecContent object in the returned revision is always null.",
        f"{_REPORTS}test_only_the_revision_itself_has_its_content",
        *_info("deploymentId", "status", "createTime"),
        *_info("revision.revisionType", "revision.appSpecContent.sha256", "revision.string.sha256"),
    ),
    _row(
        "GetDeployment",
        "codeDeployRollback: A rollback process created the deployment.",
        f"{_HOOKS}test_a_rollback_is_never_refused",
        *_info("creator", "applicationName", "description", "autoRollbackConfiguration.enabled"),
    ),
    _row(
        "GetDeployment",
        "whether the deployment can't be rolled back",
        f"{_TOOL}test_a_first_release_that_fails_has_nothing_to_roll_back_to",
        *_info("rollbackInfo.rollbackDeploymentId", "rollbackInfo.rollbackMessage"),
        *_info("errorInformation.code", "errorInformation.message"),
    ),
    _row(
        "GetDeployment",
        "The deployment ID of the deployment that was underway and triggered a rollback deployment",
        f"{_HOOKS}test_a_rollback_puts_back_what_the_deployment_that_it_rolls_back_had_moved",
        *_info("rollbackInfo.rollbackTriggeringDeploymentId"),
        *_info("overrideAlarmConfiguration.alarms[].name"),  # read by tests only
    ),
    _row(
        "BatchGetDeployments",
        "The maximum number of deployments that can be returned is 25.",
        f"{_REPORTS}test_a_batch_tells_what_it_knows",
        *_info("deploymentId", "status", "createTime", "creator", "description", "autoRollbackConfiguration.enabled"),
        *_info("revision.revisionType", "revision.appSpecContent.sha256", "revision.string.sha256"),
    ),
    _row(
        "ListDeployments",
        "Stopped: Include stopped deployments in the resulting list.",
        f"{_BEFORE}test_only_statuses_that_are_documented_are_listed_by",
        "deployments[]",
        "nextToken",
    ),
    _row(
        "ListDeployments",
        "If a large amount of information is returned, an identifier is also returned.",
        f"{_TOOL}test_what_was_live_before_is_found_in_a_list_without_order",
    ),
    _row(
        "ListDeploymentTargets",
        "If a large amount of information is returned, a token identifier is also returned.",
        f"{_TOOL}test_versions_are_read_from_the_deployments_target",
        "targetIds[]",
        "nextToken",
    ),
    _row(
        "BatchGetDeploymentTargets",
        "The version of a Lambda function that production traffic points to after the Lambda function is deployed.",
        f"{_TOOL}test_versions_are_read_from_the_deployments_target",
        "deploymentTargets[].lambdaTarget.lambdaFunctionInfo.functionName",
        "deploymentTargets[].lambdaTarget.lambdaFunctionInfo.currentVersion",
        "deploymentTargets[].lambdaTarget.lambdaFunctionInfo.targetVersion",
        "deploymentTargets[].lambdaTarget.lifecycleEvents[].lifecycleEventName",
        "deploymentTargets[].lambdaTarget.lifecycleEvents[].status",
    ),
    _row(
        "BatchGetDeploymentTargets",
        "A timestamp that indicates when the deployment lifecycle event started.",
        f"{_RELEASES}test_it_moves_the_alias_step_by_step",
        "deploymentTargets[].lambdaTarget.lifecycleEvents[].startTime",
    ),
    _row(
        "GetApplicationRevision",
        "The YAML-formatted or JSON-formatted revision string.",
        f"{_TOOL}test_before_it_has_started_versions_are_read_from_the_appspec",
        "revision.revisionType",
        "revision.string.content",
        "revision.appSpecContent.content",
    ),
    _row(
        "CreateDeployment",
        "you need the UpdateDeploymentGroup IAM permission when calling CreateDeployment",
        "tests/infra/test_release_role.py::test_create_deployment_says_that_it_needs_the_groups_update",
        "deploymentId",
    ),
    _row("StopDeployment", "Pending: The stop operation is pending.", f"{_TOOL}test_a_stop_is_followed", "status"),
    _row(
        "PutLifecycleEventHookExecutionStatus",
        "only Succeeded and Failed can be passed successfully in your API call",
        f"{_HOOKS}test_a_reason_to_fail_is_a_failure",
        "lifecycleEventHookExecutionId",
    ),
    _row(
        "GetDeploymentGroup",
        "A maximum of 10 alarms can be added.",
        f"{_RELEASES}test_the_deployment_watches_the_group_s_alarms_and_the_candidate_s",
        "deploymentGroupInfo.deploymentConfigName",
        "deploymentGroupInfo.computePlatform",
        "deploymentGroupInfo.autoRollbackConfiguration.enabled",
        "deploymentGroupInfo.autoRollbackConfiguration.events[]",
        "deploymentGroupInfo.alarmConfiguration.enabled",
        "deploymentGroupInfo.alarmConfiguration.alarms[].name",
    ),
    _row(
        "GetDeploymentConfig",
        NOTHING_SPECIAL,
        f"{_RELEASES}test_a_strategy_that_there_is_not_is_a_wrong_call",
        "deploymentConfigInfo.trafficRoutingConfig.type",
        "deploymentConfigInfo.trafficRoutingConfig.timeBasedCanary.canaryPercentage",
        "deploymentConfigInfo.trafficRoutingConfig.timeBasedCanary.canaryInterval",
        "deploymentConfigInfo.trafficRoutingConfig.timeBasedLinear.linearPercentage",
        "deploymentConfigInfo.trafficRoutingConfig.timeBasedLinear.linearInterval",
    ),
    _row("CreateApplication", NOTHING_SPECIAL, f"{_REGISTRY}test_names_are_taken_once"),
    _row(
        "GetApplication",
        NOTHING_SPECIAL,
        f"{_REGISTRY}test_groups_follow_a_renamed_application_and_go_with_a_deleted_one",
    ),
    _row(
        "ListApplications",
        "If a large amount of information is returned, an identifier is also returned.",
        f"{_REGISTRY}test_every_answer_has_the_shape_of_the_service_model",
    ),
    _row(
        "UpdateApplication",
        NOTHING_SPECIAL,
        f"{_REGISTRY}test_groups_follow_a_renamed_application_and_go_with_a_deleted_one",
    ),
    _row(
        "DeleteApplication",
        NOTHING_SPECIAL,
        f"{_REGISTRY}test_groups_follow_a_renamed_application_and_go_with_a_deleted_one",
    ),
    _row(
        "CreateDeploymentGroup",
        "A maximum of 10 alarms can be added.",
        f"{_REGISTRY}test_a_wrong_group_is_refused",
    ),
    _row(
        "ListDeploymentGroups",
        "It can be used in a subsequent list deployment groups call to return the next set",
        f"{_REGISTRY}test_groups_follow_a_renamed_application_and_go_with_a_deleted_one",
    ),
    _row(
        "UpdateDeploymentGroup",
        "If the output contains data, CodeDeploy could not remove some Auto Scaling lifecycle event hooks",
        f"{_REGISTRY}test_an_update_changes_what_it_names_and_keeps_the_rest",
    ),
    _row(
        "DeleteDeploymentGroup",
        "If the output contains data, CodeDeploy could not remove some Auto Scaling lifecycle event hooks",
        f"{_REGISTRY}test_every_answer_has_the_shape_of_the_service_model",
    ),
    _row(
        "CreateDeploymentConfig",
        NOTHING_SPECIAL,
        f"{_REGISTRY}test_an_impossible_canary_is_refused",
    ),
    _row(
        "ListDeploymentConfigs",
        "If a large amount of information is returned, an identifier is also returned.",
        f"{_REGISTRY}test_every_predefined_lambda_configuration_is_there",
    ),
    _row(
        "DeleteDeploymentConfig",
        "A deployment configuration cannot be deleted if it is currently in use.",
        f"{_REGISTRY}test_a_configuration_of_ones_own_is_kept_while_a_group_uses_it",
    ),
    _row(
        "ContinueDeployment",
        "For a blue/green deployment, starts the process of rerouting traffic",
        "tests/integration/codedeploy/test_refusals.py::test_a_lambda_deployment_waits_for_nobody_to_continue_it",
    ),
    _row(
        "GetDeploymentTarget",
        NOTHING_SPECIAL,
        f"{_REPORTS}test_the_one_target_is_the_function_by_its_name",
    ),
    _row("TagResource", NOTHING_SPECIAL, f"{_REGISTRY}test_tags_are_added_listed_and_removed"),
    _row("UntagResource", NOTHING_SPECIAL, f"{_REGISTRY}test_tags_are_added_listed_and_removed"),
    _row(
        "ListTagsForResource",
        "If a large amount of information is returned",
        f"{_REGISTRY}test_tags_are_added_listed_and_removed",
    ),
)
