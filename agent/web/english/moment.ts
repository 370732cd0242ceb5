const DAYS: Readonly<Record<string, string>> = {
  "lun.": "Mon",
  "mar.": "Tue",
  "mer.": "Wed",
  "jeu.": "Thu",
  "ven.": "Fri",
  "sam.": "Sat",
  "dim.": "Sun",
};

const MONTHS: Readonly<Record<string, string>> = {
  "janv.": "Jan",
  "févr.": "Feb",
  mars: "Mar",
  "avr.": "Apr",
  mai: "May",
  juin: "Jun",
  "juil.": "Jul",
  août: "Aug",
  "sept.": "Sep",
  "oct.": "Oct",
  "nov.": "Nov",
  "déc.": "Dec",
  janvier: "January",
  février: "February",
  avril: "April",
  juillet: "July",
  septembre: "September",
  octobre: "October",
  novembre: "November",
  décembre: "December",
};

const INSTANT = /^(?:(\S{4}) )?(\d{1,2}) (\S{3,9})( \d{4})?( (?:à )?\d{2}:\d{2})?$/;
const MONTH_OF_YEAR = /^(\S{3,9}) (\d{4})$/;
const DURATION = /^(\d+) j(?: (\d+ h))?$/;

/** An instant, a month or a duration as our pages write it, in English; undefined when it is something else. */
export function englishMoment(text: string): string | undefined {
  const instant = INSTANT.exec(text);
  if (instant !== null) {
    const [, day, date, month = "", year = "", time = ""] = instant;
    const weekday = day === undefined ? "" : DAYS[day];
    const named = MONTHS[month];
    if (weekday === undefined || named === undefined) return undefined;
    return `${weekday && `${weekday} `}${date} ${named}${year}${time.replace("à ", "at ")}`;
  }
  const ofYear = MONTH_OF_YEAR.exec(text);
  if (ofYear !== null && MONTHS[ofYear[1] ?? ""] !== undefined)
    return `${MONTHS[ofYear[1] ?? ""]} ${ofYear[2]}`;
  const days = DURATION.exec(text);
  return days === null ? undefined : `${days[1]} d${days[2] === undefined ? "" : ` ${days[2]}`}`;
}
