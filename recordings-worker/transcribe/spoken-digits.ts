/** A piece of text that stands for one or more digits: "7", "零", "double five", "二" … */
export interface DigitPiece {
  readonly from: number;
  readonly to: number;
  /** ASCII. */
  readonly digits: string;
}

const chinese: Readonly<Record<string, string>> = {
  ...{ 零: '0', 〇: '0', 幺: '1', 一: '1', 二: '2', 两: '2', 三: '3', 四: '4', 五: '5', 六: '6', 七: '7' },
  ...{ 八: '8', 九: '9', 壹: '1', 贰: '2', 叁: '3', 肆: '4', 伍: '5', 陆: '6', 柒: '7', 捌: '8', 玖: '9' },
};
const units: Readonly<Record<string, string>> = {
  ...{ zero: '0', oh: '0', o: '0', nought: '0', one: '1', two: '2', three: '3', four: '4', five: '5' },
  ...{ six: '6', seven: '7', eight: '8', nine: '9' },
};
const teens: Readonly<Record<string, string>> = {
  ...{ ten: '10', eleven: '11', twelve: '12', thirteen: '13', fourteen: '14', fifteen: '15' },
  ...{ sixteen: '16', seventeen: '17', eighteen: '18', nineteen: '19' },
};
const tens: Readonly<Record<string, string>> = {
  ...{ twenty: '2', thirty: '3', forty: '4', fifty: '5', sixty: '6', seventy: '7', eighty: '8', ninety: '9' },
};
const times: Readonly<Record<string, number>> = { double: 2, triple: 3, treble: 3 };

const token = /[0-9０-９]+|[零〇幺一二两三四五六七八九壹贰叁肆伍陆柒捌玖]|[A-Za-z]+/g;

/**
 * Every piece of the text that stands for digits as they are read out, in order. Words of quantity (百, thousand) are
 * none: an amount falls apart into pieces with something else between them.
 */
export function digitPieces(text: string): DigitPiece[] {
  const pieces: DigitPiece[] = [];
  const tokens = [...text.matchAll(token)].map((match) => ({ text: match[0], from: match.index }));
  for (let at = 0; at < tokens.length; at++) {
    const { text: word, from } = tokens[at]!;
    const to = from + word.length;
    const lower = word.toLowerCase();
    const next = tokens[at + 1];
    const follows = next && /^[\s-]+$/.test(text.slice(to, next.from)) ? next.text.toLowerCase() : undefined;
    if (/^[0-9０-９]/.test(word)) pieces.push({ from, to, digits: halfWidth(word) });
    else if (word in chinese) pieces.push({ from, to, digits: chinese[word]! });
    else if (lower in units) pieces.push({ from, to, digits: units[lower]! });
    else if (lower in teens) pieces.push({ from, to, digits: teens[lower]! });
    else if (lower in tens) {
      const unit = follows !== undefined && follows !== 'o' && follows !== 'oh' ? units[follows] : undefined;
      if (unit !== undefined && unit !== '0') {
        pieces.push({ from, to: next!.from + next!.text.length, digits: tens[lower]! + unit });
        at++;
      } else pieces.push({ from, to, digits: `${tens[lower]}0` });
    } else if (lower in times && follows !== undefined) {
      const digit = units[follows] ?? (/^[0-9]$/.test(follows) ? follows : undefined);
      if (digit === undefined) continue;
      pieces.push({ from, to: next!.from + next!.text.length, digits: digit.repeat(times[lower]!) });
      at++;
    }
  }
  return pieces;
}

/** Full-width digits as ASCII. */
function halfWidth(digits: string): string {
  return digits.replace(/[０-９]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0xfee0));
}
