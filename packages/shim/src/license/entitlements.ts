/** Does the license in force carry this feature? */
export type IsEntitled = (feature: string) => boolean;

/** Without a license nothing is entitled: deny by default. */
export const noLicense: IsEntitled = () => false;
