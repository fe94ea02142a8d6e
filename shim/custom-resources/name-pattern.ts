/**
 * Whether a name fits a pattern, in which `*` stands for any characters and `?` for one. Case does not count. The time is
 * bounded by the product of the lengths, whatever the pattern.
 */
export function matchesPattern(name: string, pattern: string): boolean {
  const text = name.toLowerCase();
  const glob = pattern.toLowerCase();
  let at = 0;
  let next = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    if (glob[next] === '*') {
      star = next++;
      starAt = at;
    } else if (glob[next] === '?' || glob[next] === text[at]) {
      next++;
      at++;
    } else if (star >= 0) {
      next = star + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  while (glob[next] === '*') next++;
  return next === glob.length;
}
