/** Headers whose name says that their value is a secret. */
export const sensitiveHeader = /auth|cookie|token|secret|key|passw|signature|credential|session|^sig$/i

/** Steps of a dialog whose words after the first are credentials (SMTP, POP3, FTP, IMAP, Redis). */
export const loginStep = /^\s*(?:\S+\s+)?(?:auth|pass|login)\b/i
