/** Options that several commands have, each with its help. */
export const configOption = [
  '-c, --config <file>',
  'the config (default: $VEDETTE_CONFIG, else vedette.config.ts, then vedette.config.json)',
] as const

export const historyOption = ['--history <file>', 'what "vedette run" keeps (default: .vedette/history.db)'] as const

export const socketOption = ['--socket <file>', 'where the engine listens (default: .vedette/control.sock)'] as const
