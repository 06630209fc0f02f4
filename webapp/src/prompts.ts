/** The operator's own system prompts, one a profile, kept in this browser. */

import type { Profile } from './session';

const key = (profile: Profile) => `prompt.${profile.name}`;

/** The edited prompt, or null where the profile's own applies. */
export function savedPrompt(storage: Storage, profile: Profile): string | null {
  if (!profile.prompt_editable) return null;
  const saved = storage.getItem(key(profile));
  return saved === null || saved === profile.prompt ? null : saved;
}

/** Null, or the profile's own text, goes back to the default. */
export function savePrompt(storage: Storage, profile: Profile, prompt: string | null): void {
  if (prompt === null || prompt === profile.prompt) storage.removeItem(key(profile));
  else storage.setItem(key(profile), prompt);
}
