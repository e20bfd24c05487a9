import type { StackProps } from 'aws-cdk-lib'
import type { Config } from '../model/config.ts'
import type { Bundle, FunctionName } from './bundle.ts'

/** What stacks are made of beside their config, and where they are deployed to. */
export interface Target {
  /** The account; that of the caller's credentials where absent, which synth does not need. */
  account?: string
  /** The code of the functions that the config needs: see `functionsOf`. */
  code: Partial<Record<FunctionName, Bundle>>
}

/** The code of a function. Throws where it was not made, which is a mistake of whoever made the target. */
export function codeOf({ code }: Target, name: FunctionName): Bundle {
  const bundle = code[name]
  if (!bundle)
    throw new Error(`expected the code of ${name} in the target, got that of ${Object.keys(code).join(', ')}`)
  return bundle
}

/**
 * What all stacks have in common: tags that CloudFormation hands on to every resource that takes them, and nothing in the
 * template that differs from one synth to the next.
 */
export function stackProps(
  config: Config,
  region: string,
  { account }: Pick<Target, 'account'>,
  own: { tags: Record<string, string>; description: string },
): StackProps {
  return {
    env: { region, ...(account !== undefined && { account }) },
    description: own.description,
    tags: { 'vedette:service': config.service, 'vedette:env': config.env ?? 'default', ...own.tags },
    terminationProtection: false,
    analyticsReporting: false,
    // Hundreds of alarms with their descriptions have to stay under CloudFormation's 1 MB a template.
    suppressTemplateIndentation: true,
  }
}
