"""Files with commands beside the pipelines: make, just, npm, Task, cron, scripts, and what calls what."""
