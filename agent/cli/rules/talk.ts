/** Says a line to the person at the terminal: on the error output, so that results stay alone on the other. */
export function talk(message: string): void {
  process.stderr.write(`${message}\n`);
}
