"""Systems that build and deploy: what their files say, as pipelines whose types say what the system does."""
