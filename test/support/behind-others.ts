import { constants, setPriority } from 'node:os'

// What only computes goes behind what has time limits to keep, as servers, functions and probes have.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
