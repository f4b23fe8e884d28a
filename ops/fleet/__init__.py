"""Work on whole buckets: prune what nothing names, backfill what is missing, replay what failed."""
