// AssemblyScript: see line-kernel.ts.

/** Epoch milliseconds of 24 bytes; NaN: they are no time, or a day there never was. */
export function timeAt(at: usize): f64 {
  const head = v128.load(at);
  const tail = v128.load(at, 8);
  // 2030-01-02T03:04, and 02T03:04:05.678Z
  if (!isLike(head, i8x16(0, 0, 0, 0, 0x2d, 0, 0, 0x2d, 0, 0, 0x54, 0, 0, 0x3a, 0, 0), 0x2490)) return NaN;
  if (!isLike(tail, i8x16(0, 0, 0x54, 0, 0, 0x3a, 0, 0, 0x3a, 0, 0, 0x2e, 0, 0, 0, 0x5a), 0x8924)) return NaN;
  const year = twoAt(at) * 100 + twoAt(at + 2);
  const month = twoAt(at + 5);
  const day = twoAt(at + 8);
  const hour = twoAt(at + 11);
  const minute = twoAt(at + 14);
  const second = twoAt(at + 17);
  const ms = twoAt(at + 20) * 10 + <i32>load<u8>(at + 22) - 0x30;
  if (month < 1 || month > 12 || day < 1 || day > daysOf(month, year)) return NaN;
  if (hour > 23 || minute > 59 || second > 59) return NaN;
  const seconds = <i64>(daysFrom1970(year, month, day) * 24 + hour) * 3600 + minute * 60 + second;
  return <f64>(seconds * 1000 + ms);
}

/** The marks where they belong, and digits everywhere else. */
function isLike(bytes: v128, marks: v128, places: i32): bool {
  const digits = i8x16.bitmask(i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x30)), i8x16.splat(10)));
  return digits == (~places & 0xffff) && (i8x16.bitmask(i8x16.eq(bytes, marks)) & places) == places;
}

function twoAt(at: usize): i32 {
  return (<i32>load<u8>(at) - 0x30) * 10 + <i32>load<u8>(at, 1) - 0x30;
}

function daysOf(month: i32, year: i32): i32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/** Days of the Gregorian calendar, counted in years that begin in March, so that the odd day is the last one. */
function daysFrom1970(year: i32, month: i32, day: i32): i32 {
  // 400 years more than there are, so that nothing is negative.
  const from = (month <= 2 ? year - 1 : year) + 400;
  const inYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return from * 365 + from / 4 - from / 100 + from / 400 + inYear - 719468 - 146097;
}
