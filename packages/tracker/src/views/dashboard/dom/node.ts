/** What a piece of the page should look like; `patch` makes it so. */
export interface Node {
  readonly tag: string;
  readonly props: Props;
  readonly children: readonly Child[];
}

export type Child = Node | string;
export type Children = readonly (Child | null | undefined | false | readonly (Child | null | undefined | false)[])[];

/**
 * Attributes by their names. `key` keeps an element the same one when its neighbours change; functions are listeners
 * (`onclick`); `vars` are CSS custom properties, set through the CSSOM because the policy forbids style attributes.
 */
export interface Props {
  readonly [name: string]: Value;
}

type Value = string | number | boolean | null | undefined | ((event: Event) => void) | Readonly<Record<string, string>>;

/** One element. */
export function h(tag: string, props: Props | null = null, ...children: Children): Node {
  return {
    tag,
    props: props ?? {},
    children: children
      .flat()
      .filter((child): child is Child => child !== null && child !== undefined && child !== false),
  };
}
