/** What `import … from 'vedette'` gives: all that a config needs. */
export * from './builders.ts'
