"""A pool's manager under the load of a fleet whose devices are simulated: everything else is real."""
