/**
 * A count or an amount with or without grouping: `7,761`, `153 378`, `38.5`, `1.234.567`, `38,5`. Null where grouping
 * and decimals cannot be told apart, such as `7.761`.
 *
 * @param commaIsDecimal the text writes decimals with a comma elsewhere, so `7,761` may be less than eight
 */
export function amountOf(text: string, commaIsDecimal = false): number | null {
  const plain = text.replaceAll(/\s/g, '');
  if (/^\d+$/.test(plain)) return Number(plain);
  const separators = plain.replaceAll(/\d/g, '');
  if (/^\d{1,3}(?:,\d{3})+$/.test(plain)) {
    return separators.length === 1 && commaIsDecimal ? null : Number(plain.replaceAll(',', ''));
  }
  if (/^\d{1,3}(?:,\d{3})+\.\d+$/.test(plain)) return Number(plain.replaceAll(',', ''));
  if (/^\d{1,3}(?:\.\d{3}){2,}$/.test(plain)) return Number(plain.replaceAll('.', ''));
  if (/^\d{1,3}(?:\.\d{3})+,\d+$/.test(plain)) return Number(plain.replaceAll('.', '').replace(',', '.'));
  // Not three decimals: that is how thousands look.
  if (/^\d+[.,](?:\d{1,2}|\d{4,})$/.test(plain)) return Number(plain.replace(',', '.'));
  return null;
}

/** Whether a text writes decimals with a comma, as in `2,65K`. At the end of a line the rest may have been cut. */
export function writesDecimalComma(text: string): boolean {
  return /\d,\d{1,2}(?![\d\n]|$)/.test(text);
}
