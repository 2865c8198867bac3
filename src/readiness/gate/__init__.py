"""The gate's decisions, pure: settings, plan, judgement of a check, verdict of a run."""
