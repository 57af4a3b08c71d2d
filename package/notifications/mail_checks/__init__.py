"""Tests of a team's mails, beyond the checks of the build."""
