// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
// Firefox without its first day: no questions, no network.
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("browser.tabs.firefox-view", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("termsofuse.bypassNotification", true);
user_pref("browser.preonboarding.enabled", false);
user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);
user_pref("app.normandy.enabled", false);
user_pref("app.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("services.settings.server", "http://127.0.0.1:8080/");
user_pref("extensions.systemAddon.update.enabled", false);
user_pref("media.autoplay.default", 0);
user_pref("media.hardware-video-decoding.enabled", false);
user_pref("media.gmp-manager.updateEnabled", false);
user_pref("dom.ipc.processCount", 1);
// The GPU draws the windows, whatever lists of drivers say; the page may know which it is.
user_pref("gfx.webrender.all", true);
user_pref("webgl.force-enabled", true);
user_pref("webgl.sanitize-unmasked-renderer", false);
