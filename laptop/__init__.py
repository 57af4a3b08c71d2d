"""The laptop cloud: ministack, Herald's own simulators and the web app, with no AWS account.

cloud -> supervision (ends everything, whatever ends us) -> ministack, simulators, uvicorn
      -> provision (what Terraform makes on AWS, by boto3)
"""
