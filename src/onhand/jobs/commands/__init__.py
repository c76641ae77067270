"""Commands of jobs, one transaction each: leases, and the records of tasks."""
