"""What the API answers and takes, as pydantic models: one file per resource."""
