"""Runs Terraform on the configuration in `infra/`, from a folder under `build/`.

mirror (where the provider comes from) -> runner (one staged configuration) -> target (which account, which region)
-> apply (plan, ask, apply)
"""
