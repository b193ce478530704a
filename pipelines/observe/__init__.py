"""What a run reports: events, summary, progress, logs."""
