"""Files with commands other than pipelines: make, just, npm, Task, cron, scripts; and which command calls which."""
