"""Make the cloud what serverless.yml says: plan, then execute."""
