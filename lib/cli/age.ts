export { age } from '../model/duration.ts'
