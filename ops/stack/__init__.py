"""serverless.yml as one value."""
