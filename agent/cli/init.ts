export function initCommand(){}
