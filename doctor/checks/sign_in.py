"""The mails of Cognito: codes for new accounts and forgotten passwords."""

from __future__ import annotations

from doctor.check import Check, Finding, ok, warning
from doctor.system import System, member

__all__ = ["CHECKS"]


def _mail(system: System) -> Finding:
    """https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-email.html

    https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_EmailConfigurationType.html
    """
    pages = system.pages("cognito-idp", "ListUserPools", MaxResults=60)
    pools = [pool for page in pages for pool in page.get("UserPools") or [] if pool.get("Name") == system.prefix]
    if not pools:
        return warning(
            f"no user pool is called {system.prefix}: nobody signs in to a web app here",
            f"if one should be here: {system.apply}",
        )
    answer = system.ask("cognito-idp", "DescribeUserPool", UserPoolId=pools[0]["Id"])
    mail = member(answer, "cognito-idp", "UserPool", "EmailConfiguration")
    if member(mail, "cognito-idp", "EmailSendingAccount") == "DEVELOPER":
        return ok(f"Cognito mails by SES, from {mail.get('From') or mail.get('SourceArn') or 'an identity not told'}")
    return warning(
        "Cognito mails by itself (COGNITO_DEFAULT): some 50 mails a day, then nobody can sign up",
        "set sign_in.ses_mail in terraform.tfvars once SES is in production, then make apply",
    )


CHECKS = (Check("cognito-mail", "Cognito mail", _mail),)
