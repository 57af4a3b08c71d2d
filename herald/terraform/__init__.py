"""Terraform at a person's hands: the configuration in `infra/`, run from a folder under `build/`.

mirror (where the provider comes from) -> terraform (one staged configuration) -> target (which account, which region)
-> apply (plan, ask, apply) -> cli
"""
