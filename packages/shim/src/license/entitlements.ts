/** Does the license in force carry this feature? */
export type IsEntitled = (feature: string) => boolean;
