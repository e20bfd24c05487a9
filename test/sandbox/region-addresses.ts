import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Regions have addresses of their own here, as they have on the internet: `127.1.0.1` and so on, in the order given. By them an
 * origin tells who asks, and can be down for one region alone. All of 127.0.0.0/8 is this machine where Linux is.
 */
export function addressesOf(regions: readonly string[]): Record<string, string> {
  return Object.fromEntries(regions.map((region, i) => [region, `127.1.0.${i + 1}`]))
}

/**
 * Writes the module that functions import first, so that what they connect to sees their region's address; gives its URL. It
 * is JavaScript, as every start of a function would have to strip types.
 */
export async function writeRegionModule(folder: string, addresses: Record<string, string>): Promise<string> {
  const file = path.join(folder, 'region-address.mjs')
  await writeFile(file, source(addresses))
  return pathToFileURL(file).href
}

const source = (addresses: Record<string, string>) => `
import net from 'node:net'
const localAddress = ${JSON.stringify(addresses)}[process.env.AWS_REGION]
const { connect } = net.Socket.prototype
if (localAddress) net.Socket.prototype.connect = function (...args) {
  // net.connect hands its arguments on as one list.
  const [options, callback] = Array.isArray(args[0]) ? args[0] : args
  if (typeof options !== 'object' || !net.isIPv4(options.host ?? '')) return connect.apply(this, args)
  // A copy: agents find their sockets again by what is in these options.
  return connect.call(this, { ...options, localAddress }, callback)
}
`
