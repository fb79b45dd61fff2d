/**
 * What a notification's template sees as its dot, in the JSON form that webhooks carry too. In a
 * template the names begin with a capital: `.Alerts`, `.CommonLabels`, `.StartsAt`.
 */
export type TemplateData = {
  receiver: string;
  /** "firing" as long as one alert fires. */
  status: "firing" | "resolved";
  alerts: TemplateAlert[];
  groupLabels: Record<string, string>;
  /** What all alerts have in common. */
  commonLabels: Record<string, string>;
  commonAnnotations: Record<string, string>;
  /** The labels of the route; their values may be templates. */
  routeLabels?: Record<string, string>;
  externalURL: string;
  /** Why the notification is sent now. */
  notification_reason?: string;
};

export type TemplateAlert = {
  status: "firing" | "resolved";
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** RFC 3339. */
  startsAt: string;
  /** RFC 3339; "0001-01-01T00:00:00Z" while it is not known. */
  endsAt: string;
  generatorURL: string;
  fingerprint: string;
  /** It joined a group that had been told of before; an addition to Alertmanager's data. */
  isNew?: true;
};
