// Splits a whole path's text into the steps that a reward model reads.

/**
 * The steps of a text, joined again they are the text. A step ends with the first delimiter after
 * text that is not blank; blank text goes to the step after it, at the end to the step before it.
 */
export function splitSteps(text: string, delimiter: string): readonly string[] {
  const steps: string[] = [];
  let start = 0;
  while (start < text.length) {
    const written = text.slice(start).search(/\S/);
    if (written < 0) break;
    const end = text.indexOf(delimiter, start + written);
    if (end < 0) {
      steps.push(text.slice(start));
      return steps;
    }
    steps.push(text.slice(start, end + delimiter.length));
    start = end + delimiter.length;
  }
  const blank = text.slice(start);
  const last = steps.pop();
  return last === undefined ? [] : [...steps, last + blank];
}
