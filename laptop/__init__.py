"""The laptop cloud: ministack, Herald's own simulators and the web app, without an AWS account.

cloud -> supervision (ends all processes, however this one ends) -> ministack, simulators, uvicorn
      -> provision (creates by boto3 what Terraform creates on AWS)
"""
