// The unit words that the paper's evaluation strips from answers, with all that this breaks: "pm" and
// "a" are among them. A list of facts about that evaluation (RyanLiu112/compute-optimal-tts,
// parse_utils_qwen.py), in its order, since each word is stripped from what the earlier ones left.

const words = `
east|degree|mph|kmph|ft|m sqaure| m east|sq m|deg|mile|q .|monkey|prime|ratio|profit of rs|rd|o|gm
p . m|lb|tile|per|dm|lt|gain|ab|way|west|a .|b .|c .|d .|e .|f .|g .|h .|t|a|h|no change|men|soldier
pie|bc|excess|st|inches|noon|percent|by|gal|kmh|c|acre|rise|a . m|th|π r 2|sq|mark|l|toy|coin|sq . m
gallon|° f|profit|minw|yr|women|feet|am|pm|hr|cu cm|square|v â € ™|are|rupee|rounds|cubic|cc|mtr|s|ohm
number|kmph|day|hour|minute|min|second|man|woman|sec|cube|mt|sq inch|mp|∏ cm ³|hectare|more|sec|unit
cu . m|cm 2|rs .|rs|kg|g|month|km|m|cm|mm|apple|liter|loss|yard|pure|year|increase|decrease|d|less
Surface|litre|pi sq m|s .|metre|meter|inch
`;

/** Each word where no letter, digit or underscore is beside it; a point stands for any character. */
export const unitPatterns: readonly RegExp[] = (() => {
  const singular = words.replace(/^\n|\n$/g, '').split(/[|\n]/);
  const all = [...singular, ...singular.map((word) => `${word}s`)];
  const edge = '[^\\p{L}\\p{N}_]';
  return all.map((word) => new RegExp(`(^|${edge})${word}($|${edge})`, 'gu'));
})();
