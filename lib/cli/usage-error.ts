/** Something that the caller of a command must change: it is printed without a stack, and the command exits with 2. */
export class UsageError extends Error {}
