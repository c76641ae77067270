"""Every job, in the order in which they go first."""

from onhand.jobs import catalog, imports, orders, sync
from onhand.jobs.demo import RESTOCK
from onhand.jobs.forgetting import FORGET

ALL_JOBS = (*orders.JOBS, *sync.JOBS, *catalog.JOBS, *imports.JOBS, FORGET, RESTOCK)
